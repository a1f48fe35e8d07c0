using Amazon.Runtime;

namespace KmsSimulator.Tests;

/// <summary>Holds errors against what KMS says.</summary>
internal static class KmsAssert
{
    /// <summary>The call fails with this code and a message that contains this.</summary>
    public static async Task<AmazonServiceException> FailsAsync(string code, string message, Func<Task> call, int status = 400)
    {
        var error = await Assert.ThrowsAnyAsync<AmazonServiceException>(call);
        Assert.Equal(code, error.ErrorCode);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(status, (int)error.StatusCode);
        Assert.False(string.IsNullOrEmpty(error.RequestId), "an answer has a request id");
        return error;
    }
}
