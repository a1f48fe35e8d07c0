using KmsOperator.Aws;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

public sealed class KmsQuotasTests
{
    [Theory]
    [InlineData("CreateKey", 5, "the scarcest that every key needs")]
    [InlineData("DescribeKey", 2000, "reads are plentiful")]
    [InlineData("TagResource", 10, "not 5 as its opposite")]
    [InlineData("PutKeyPolicy", 15, "as published")]
    [InlineData("ReplicateKey", 2.5, "each uses up two of the replica Region's five CreateKeys")]
    public void Operations_have_the_quota_that_is_published(string operation, double perSecond, string why) =>
        Assert.True(KmsQuotas.Of(operation) == new KmsQuota(operation, perSecond), why);

    [Fact]
    public void Operations_without_a_row_share_one_quota() =>
        Assert.Equal(KmsQuotas.Of("OfTomorrow"), KmsQuotas.Of("OfTheDayAfter"));
}
