using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace KmsSimulator.Import;

/// <summary>What GetParametersForImport says about an import to come; opaque to clients.</summary>
/// <param name="KeyArn">The key.</param>
/// <param name="WrappingAlgorithm">How the material will be wrapped.</param>
/// <param name="WrappingKeySpec">With which wrapping key.</param>
/// <param name="ValidTo">Until when the token can be used.</param>
internal sealed record ImportToken(string KeyArn, string WrappingAlgorithm, string WrappingKeySpec, DateTimeOffset ValidTo)
{
    public byte[] Write(byte[] secret)
    {
        var ticks = ValidTo.UtcTicks.ToString(CultureInfo.InvariantCulture);
        var content = Encoding.UTF8.GetBytes(string.Join('|', KeyArn, WrappingAlgorithm, WrappingKeySpec, ticks));
        return [.. HMACSHA256.HashData(secret, content), .. content];
    }

    /// <summary>Reads a token; null when it is not one of those that were written with this secret.</summary>
    public static ImportToken? Read(byte[] token, byte[] secret)
    {
        const int Mac = HMACSHA256.HashSizeInBytes;
        if (token.Length <= Mac || !CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(secret, token.AsSpan(Mac)), token.AsSpan(0, Mac)))
            return null;
        return Encoding.UTF8.GetString(token, Mac, token.Length - Mac).Split('|') is [var arn, var algorithm, var spec, var ticks]
            ? new ImportToken(arn, algorithm, spec, new DateTimeOffset(long.Parse(ticks, CultureInfo.InvariantCulture), TimeSpan.Zero))
            : null;
    }
}
