using KmsOperator.Aws;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

public sealed class QueueUrlTests
{
    public static TheoryData<string, string?, string, string> Urls => new()
    {
        { "https://sqs.eu-west-1.amazonaws.com/111122223333/kms-events", null, "eu-west-1", "as SQS gives it" },
        { "https://sqs.eu-west-1.amazonaws.com/111122223333/kms-events", "us-east-1", "eu-west-1", "the host wins" },
        { "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q", null, "cn-north-1", "China" },
        { "https://sqs.us-gov-west-1.amazonaws.com/111122223333/q", null, "us-gov-west-1", "GovCloud" },
        { "https://sqs-fips.us-east-2.amazonaws.com/111122223333/q", null, "us-east-2", "FIPS" },
        { "https://sqs.eu-west-1.api.aws/111122223333/q", null, "eu-west-1", "IPv6" },
        { "https://vpce-1.sqs.ap-southeast-2.vpce.amazonaws.com/111122223333/q", null, "ap-southeast-2", "a VPC endpoint" },
        { "https://eu-west-1.queue.amazonaws.com/111122223333/q", null, "eu-west-1", "as SQS once gave it" },
        { "http://127.0.0.1:4599/123456789012/q", "eu-north-1", "eu-north-1", "a simulator" },
    };

    [Theory]
    [MemberData(nameof(Urls))]
    public void The_Region_is_the_hosts_or_the_environments(string text, string? environment, string region, string why)
    {
        var queue = QueueUrl.Parse(text, environment);

        Assert.True(region == queue.Region, why);
        Assert.Equal(text, queue.ToString());
        Assert.StartsWith(queue.Endpoint + "/", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kms-events", "a name")]
    [InlineData("arn:aws:sqs:eu-west-1:111122223333:kms-events", "an ARN")]
    [InlineData("https://sqs.eu-west-1.amazonaws.com/kms-events", "no account")]
    [InlineData("https://sqs.eu-west-1.amazonaws.com/111122223333/", "no name")]
    [InlineData("https://sqs.eu-west-1.amazonaws.com/111122223333/a/b", "a longer path")]
    [InlineData("https://sqs.eu-west-1.amazonaws.com/111122223333/q?Action=DeleteQueue", "a query")]
    [InlineData("https://me:secret@sqs.eu-west-1.amazonaws.com/111122223333/q", "a password")]
    [InlineData("ftp://sqs.eu-west-1.amazonaws.com/111122223333/q", "another protocol")]
    [InlineData("https://sqs.eu-west-1.amazonaws.com/111122223333/q.fifo", "a FIFO queue, which EventBridge cannot fill without a group")]
    [InlineData("http://127.0.0.1:4599/123456789012/q", "no Region anywhere")]
    [InlineData("", "nothing")]
    public void What_is_no_queue_is_refused(string text, string why)
    {
        var error = Record.Exception(() => QueueUrl.Parse(text, null));
        Assert.True(error is FormatException, why);
    }
}
