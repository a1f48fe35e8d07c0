using System.Text.Json.Nodes;
using KmsSimulator.State;

namespace KmsSimulator.Protocol;

/// <summary>An operation of KMS and the rules that it shares with others.</summary>
/// <param name="Name">As in <c>X-Amz-Target</c>.</param>
/// <param name="RequestsPerSecond">The default request quota of an account and Region.</param>
/// <param name="Run">Does it.</param>
internal sealed record KmsOperation(string Name, double RequestsPerSecond, Func<KmsCall, JsonObject> Run)
{
    /// <summary>The states in which the key (of the KeyId or TargetKeyId) may be.</summary>
    public KeyState WorksIn { get; init; } = KeyState.Any;

    /// <summary>Whether it reaches keys of other accounts.</summary>
    public bool CrossAccount { get; init; }

    /// <summary>Whether the key's policy and grants must allow it; otherwise IAM does, or the operation looks itself.</summary>
    public bool ByKeyPolicy { get; init; } = true;

    /// <summary>Whether KeyId may be an alias.</summary>
    public bool TakesAlias { get; init; }

    /// <summary>Whose quota it uses, where operations share one.</summary>
    public string Quota { get; init; } = Name;
}
