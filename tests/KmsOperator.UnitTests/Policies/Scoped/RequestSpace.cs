using System.Text.Json;
using KmsOperator.Policies.Evaluation;

namespace KmsOperator.UnitTests.Policies.Scoped;

/// <summary>
/// Every request that two or more key policies can tell apart. Requests of one class get the same answer of each of them, so one of each class stands for all.
/// </summary>
/// <remarks>
/// Classes are made from what the policies name: each principal, and one of each account that none of them names; each action, and one that none of them names; each value of a condition key, with each pattern filled in, and
/// one that fits nothing, and none. Patterns of one key are the same or lie one within the other here, so that filling them in reaches every class. Sets of values are all sets of such values.
/// </remarks>
internal sealed class RequestSpace
{
    private const string Nothing = "fits nothing";
    private readonly PolicyStatement[] _statements;
    private readonly string[] _actions;

    public RequestSpace(params IReadOnlyList<PolicyStatement>[] policies)
    {
        _statements = [.. policies.SelectMany(policy => policy)];
        _actions = [.. KmsActions.All.Append("kms:SomethingNew").DistinctBy(action => string.Join(',', _statements.Select(statement => statement.CoversAction(action))))];
    }

    /// <summary>The statements of a rendered policy.</summary>
    public static IReadOnlyList<PolicyStatement> Read(string policy)
    {
        using var document = JsonDocument.Parse(policy);
        return PolicyStatement.ReadAll(document.RootElement.Clone());
    }

    /// <summary>Everybody whom the policies name, and one of each kind whom they do not.</summary>
    /// <param name="accounts">Accounts whose other principals are asked for.</param>
    public IEnumerable<AccessCaller> Callers(params string[] accounts)
    {
        var services = _statements.SelectMany(statement => statement.Principals.Services).Append("unnamed.amazonaws.com");
        var named = _statements.SelectMany(statement => statement.Principals.Aws).Where(name => name != "*").Concat(accounts.SelectMany(account => (string[])
            [$"arn:aws:iam::{account}:root", $"arn:aws:iam::{account}:role/Unnamed", $"arn:aws:iam::{account}:user/Unnamed", $"arn:aws:sts::{account}:assumed-role/Unnamed/session"]));
        return services.Concat(named).Distinct().Select(name => AccessCaller.TryParse(name, "aws", "000000000000", out var caller) ? caller : throw new InvalidOperationException(name));
    }

    /// <summary>A request of each class that the caller can make.</summary>
    public IEnumerable<AccessRequest> Requests(AccessCaller caller)
    {
        var about = _statements.Where(statement => statement.Principals.Match(caller).Answer != Answer.No).ToArray();
        foreach (var action in _actions)
        {
            var byKey = about.Where(statement => statement.CoversAction(action)).SelectMany(statement => statement.Conditions).ToLookup(condition => condition.Key.ToLowerInvariant());
            IEnumerable<Dictionary<string, ContextValue>> contexts = [new(StringComparer.OrdinalIgnoreCase)];
            foreach (var conditions in byKey)
            {
                var values = ValuesOf(conditions.Key, [.. conditions], caller).ToArray();
                contexts = contexts.SelectMany(context => values.Select(value => new Dictionary<string, ContextValue>(context, StringComparer.OrdinalIgnoreCase) { [conditions.Key] = value }));
            }

            foreach (var context in contexts)
            {
                yield return new AccessRequest(
                    caller, action, KeyArn.Of("eu-west-1", "111122223333", "1234abcd-12ab-34cd-56ef-1234567890ab"), key => context.GetValueOrDefault(key, ContextValue.Absent));
            }
        }
    }

    private static IEnumerable<ContextValue> ValuesOf(string key, IReadOnlyList<StatementCondition> conditions, AccessCaller caller)
    {
        // What AWS says of the caller, nobody can choose.
        if (key is "kms:calleraccount")
        {
            return [caller.AccountId is { } account ? ContextValue.Of(account) : ContextValue.Absent];
        }

        var named = conditions.SelectMany(condition => condition.Values).ToArray();
        string[] one = [.. named.SelectMany(value => (string[])[value.Replace("*", "x", StringComparison.Ordinal), value.Replace("*", "", StringComparison.Ordinal)])
            .Concat(["true", "false", Nothing]).DistinctBy(value => string.Join(',', conditions.Select(condition => condition.Holds(ContextValue.Of(value)))))];
        IEnumerable<ContextValue> present = conditions.All(condition => condition.Operator!.Set == SetOperator.None)
            ? one.Select(value => ContextValue.Of(value))
            : Enumerable.Range(1, (1 << one.Length) - 1).Select(bits => ContextValue.Of([.. one.Where((_, index) => (bits >> index & 1) == 1)]));
        return present.Append(ContextValue.Absent);
    }
}
