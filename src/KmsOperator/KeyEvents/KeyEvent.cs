using KmsOperator.Planning;

namespace KmsOperator.KeyEvents;

/// <summary>A call that has changed a key or an alias in KMS.</summary>
/// <param name="Id">CloudTrail's id of the record; the same in each copy of it.</param>
/// <param name="Operation">KMS's name of the operation, for example <c>PutKeyPolicy</c>.</param>
/// <param name="Time">When the call was made, in whole seconds.</param>
/// <param name="CallerArn">The user or the session of a role that made it; null for AWS itself.</param>
/// <param name="Names">The keys and aliases that it names, each once.</param>
internal sealed record KeyEvent(string Id, string Operation, DateTimeOffset Time, string? CallerArn, IReadOnlyList<KmsName> Names);

/// <summary>A key or an alias in one account and Region.</summary>
/// <param name="Location">Account and Region.</param>
/// <param name="Name">The id of a key, or the full name of an alias (<c>alias/…</c>).</param>
internal sealed record KmsName(KeyLocation Location, string Name)
{
    /// <summary>Whether it is an alias and not a key.</summary>
    public bool IsAlias => Name.StartsWith("alias/", StringComparison.Ordinal);
}
