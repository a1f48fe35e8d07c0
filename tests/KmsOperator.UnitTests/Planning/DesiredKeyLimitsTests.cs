using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

public sealed class DesiredKeyLimitsTests
{
    [Theory]
    [InlineData(45, null, "the operator's four, and the tag of the create attempt is the fiftieth")]
    [InlineData(46, "the key would have 51 tags; KMS permits 50", "no room is left for it")]
    public void A_key_has_as_many_tags_as_KMS_takes_with_that_of_the_create_attempt(int count, string? problem, string why)
    {
        var error = Refusal(new ServiceKeySpec { Alias = "alias/a", Tags = Enumerable.Range(0, count).ToDictionary(number => $"tag{number}", _ => "") });

        Assert.True(problem is null ? error is null : error?.Contains(problem, StringComparison.Ordinal) == true, $"{why}: {error}");
    }

    [Fact]
    public void Who_did_not_write_the_alias_is_told_that_spec_alias_may_be_set() =>
        Assert.Contains("Correct the template, or set spec.alias", Refusal(new ServiceKeySpec(), template: "{prefix}/{name}/{namespace}!"), StringComparison.Ordinal);

    private static string? Refusal(ServiceKeySpec spec, string? template = null) => ServiceKeyResolver.Resolve(
        new ServiceKey { Metadata = new ObjectMeta { Namespace = "team", Name = "one", Uid = "u" }, Spec = spec },
        new KeyClass { Metadata = new ObjectMeta { Name = "standard" }, Spec = new KeyClassSpec { Region = "eu-west-1", AliasPrefix = "acme", AliasTemplate = template } },
        "123456789012", "cluster").Error?.Message;
}
