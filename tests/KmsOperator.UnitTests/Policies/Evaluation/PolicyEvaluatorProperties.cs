using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using KmsOperator.Policies.Evaluation;
using Xunit;
using static KmsOperator.UnitTests.Policies.Evaluation.GeneratedPolicies;
using Simulated = KmsSimulator.Policies;
using SimulatedCaller = KmsSimulator.Sts.Caller;

namespace KmsOperator.UnitTests.Policies.Evaluation;

/// <summary>The simulator evaluates policies with code of its own; two that agree are a check of each other.</summary>
public sealed class PolicyEvaluatorProperties
{
    private static readonly (AccessCaller Ours, SimulatedCaller Theirs)[] Callers =
    [
        Session(Account, "App", "arn:aws:iam::111122223333:role/team/App"),
        Session(Account, "Else", "arn:aws:iam::111122223333:role/Else"),
        Session(Other, "App", "arn:aws:iam::444455556666:role/App"),
        User(Account, "jane"),
        User("777788889999", "jane"),
        (Caller("arn:aws:iam::111122223333:root"), new SimulatedCaller(Account, "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root", Account)),
        (Caller("logs.eu-west-1.amazonaws.com"), new SimulatedCaller(Account, "x", "x", "x") { Service = "logs.eu-west-1.amazonaws.com" }),
        (Caller("s3.amazonaws.com"), new SimulatedCaller(Account, "x", "x", "x") { Service = "s3.amazonaws.com" }),
    ];

    [Fact]
    public void It_decides_as_the_simulator_does() =>
        Gen.Select(Document, Gen.Int[0, Callers.Length - 1], AnyAction, Context).Sample((document, caller, action, context) =>
        {
            var theirs = Simulated.KeyPolicy.Of(document.ToJsonString(), "aws")
                .Decide(new Simulated.PolicyRequest(Callers[caller].Theirs, action, Key, name => context.GetValueOrDefault(name)));
            var ours = Decide(document, Callers[caller].Ours, action, name => context.TryGetValue(name, out var values) ? ContextValue.Of(values) : ContextValue.Absent);

            Assert.Equal(theirs.ToString(), ours.ToString());
        }, iter: 30_000);

    [Fact]
    public void What_is_certain_without_a_value_stays_so_whatever_the_value_is() =>
        Gen.Select(Document, Gen.Int[0, Callers.Length - 1], AnyAction, Context, Context, Gen.Int[0, 255]).Sample((document, caller, action, known, hidden, mask) =>
        {
            string[] keys = [.. known.Keys.Union(hidden.Keys, StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)];
            var unknown = keys.Where((_, at) => (mask >> (at % 8) & 1) == 1).ToHashSet(StringComparer.OrdinalIgnoreCase);
            ContextValue Known(string name) => known.TryGetValue(name, out var values) ? ContextValue.Of(values) : ContextValue.Absent;
            ContextValue Hidden(string name) => hidden.TryGetValue(name, out var values) ? ContextValue.Of(values) : ContextValue.Absent;

            var before = Decide(document, Callers[caller].Ours, action, name => unknown.Contains(name) ? ContextValue.Unknown : Known(name));
            var one = Decide(document, Callers[caller].Ours, action, name => unknown.Contains(name) ? Hidden(name) : Known(name));

            // Without a statement that allows, it makes no difference whether one denies.
            Assert.True(before == one || before == AccessResult.Unknown || (before == AccessResult.NotAllowed && one == AccessResult.Denied), $"{before} became {one}: {document}");
        }, iter: 20_000);

    private static AccessResult Decide(JsonObject document, AccessCaller caller, string action, Func<string, ContextValue> valueOf)
    {
        using var json = JsonDocument.Parse(document.ToJsonString());
        return PolicyEvaluator.Decide(PolicyStatement.ReadAll(json.RootElement), new AccessRequest(caller, action, KeyArn.Parse(Key), valueOf)).Result;
    }

    private static (AccessCaller Ours, SimulatedCaller Theirs) Session(string account, string role, string roleArn)
    {
        var arn = $"arn:aws:sts::{account}:assumed-role/{role}/one";
        return (Caller(arn), new SimulatedCaller(account, arn, roleArn, "AROAX"));
    }

    private static (AccessCaller Ours, SimulatedCaller Theirs) User(string account, string name)
    {
        var arn = $"arn:aws:iam::{account}:user/{name}";
        return (Caller(arn), new SimulatedCaller(account, arn, arn, "AIDAX"));
    }

    private static AccessCaller Caller(string text) => AccessCaller.TryParse(text, "aws", Account, out var caller) ? caller : throw new ArgumentException(text);
}
