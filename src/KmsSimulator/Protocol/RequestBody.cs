using System.Buffers;

namespace KmsSimulator.Protocol;

/// <summary>The body of a request, up to a size that no request of KMS or STS needs.</summary>
internal static class RequestBody
{
    /// <summary>A policy of 131,072 characters, each of them escaped, and all else that goes with it.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>All of it, or null when it is longer than <see cref="MaxBytes"/>.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request)
    {
        var cancellation = request.HttpContext.RequestAborted;
        var body = new ArrayBufferWriter<byte>(4096);
        while (true)
        {
            var count = await request.Body.ReadAsync(body.GetMemory(4096), cancellation);
            if (count == 0)
                return body.WrittenMemory;
            body.Advance(count);
            if (body.WrittenCount > MaxBytes)
                return null;
        }
    }

    /// <summary>The error for a body that is too long.</summary>
    public static ServiceException TooLong() =>
        new("RequestEntityTooLargeException", $"The request's body is longer than {MaxBytes} bytes.", StatusCodes.Status413PayloadTooLarge);
}
