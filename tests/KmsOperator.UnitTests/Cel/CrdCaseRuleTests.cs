using KmsOperator.Schemas;
using KmsOperator.UnitTests.Schema;
using KmsOperator.UnitTests.Validation;
using Xunit;

namespace KmsOperator.UnitTests.Cel;

/// <summary>The samples of <c>tests/crd-cases</c> against the CRDs' own CEL rules. The integration tests hold the same samples against a real server.</summary>
public sealed class CrdCaseRuleTests
{
    public static TheoryData<string> Accepted => CrdCase.Paths("accept");

    public static TheoryData<string> Rejected => CrdCase.Paths("reject");

    [Theory, MemberData(nameof(Accepted))]
    public void Every_rule_holds_of_what_the_server_accepts(string path) => Assert.Empty(Broken(CrdCase.Load(path)));

    [Theory, MemberData(nameof(Rejected))]
    public void The_rule_whose_message_the_server_gives_is_broken(string path)
    {
        var sample = CrdCase.Load(path);

        // What a rule says is a sentence. One word is the name of a field that the schema refuses, which may stand in a rule's sentence too.
        var isRule = sample.Expected!.Contains(' ', StringComparison.Ordinal)
            && Crd.Of(path.Split('/')[0]).Rules().Any(found => ((string)found.Rule["message"]!).Contains(sample.Expected, StringComparison.Ordinal));

        var broken = Broken(sample);

        Assert.True(!isRule || broken.Any(error => error.Contains(sample.Expected, StringComparison.Ordinal)), $"{sample.Expected} is not among: {string.Join("; ", broken)}");
    }

    [Theory, MemberData(nameof(Rejected))]
    public void What_a_rule_finds_the_operators_own_check_says_too_in_the_rules_words(string path)
    {
        if (CrdCase.Load(path).Manifests.Resources is [var manifest])
        {
            Assert.Empty(ManifestCheck.FindBrokenRules(manifest));
        }
    }

    private static string[] Broken(CrdCase sample) => sample.Manifests.Resources switch
    {
        [var only] => [.. CrdRules.Check(CrdSchemas.Of(only.Resource.Kind), only.Json).Select(found => $"{found.Field}: {found.Violation.Message}")],
        [var before, var after] => [.. CrdRules.Check(CrdSchemas.Of(after.Resource.Kind), after.Json, before.Json).Select(found => $"{found.Field}: {found.Violation.Message}")],
        _ => [],
    };
}
