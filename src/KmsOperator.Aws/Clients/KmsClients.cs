using Amazon.KeyManagementService;
using Amazon.SecurityToken;

namespace KmsOperator.Aws;

/// <summary>The SDK's clients for one account and Region. Each is made when it is needed, and kept until it has long been idle.</summary>
public sealed class KmsClients : IDisposable
{
    private readonly ReleasableClient<IAmazonKeyManagementService> _reading;
    private readonly ReleasableClient<IAmazonKeyManagementService> _writing;
    private readonly ReleasableClient<IAmazonSecurityTokenService> _sts;

    /// <summary>Clients that are not made yet.</summary>
    /// <param name="createReading">Makes <see cref="Reading"/>.</param>
    /// <param name="createWriting">Makes <see cref="Writing"/>.</param>
    /// <param name="createSts">Makes <see cref="Sts"/>.</param>
    /// <param name="time">The clock.</param>
    internal KmsClients(
        Func<IAmazonKeyManagementService> createReading, Func<IAmazonKeyManagementService> createWriting, Func<IAmazonSecurityTokenService> createSts, TimeProvider time)
    {
        _reading = new(createReading, time);
        _writing = new(createWriting, time);
        _sts = new(createSts, time);
    }

    /// <summary>KMS for reads. The SDK retries failed calls.</summary>
    public IAmazonKeyManagementService Reading => _reading.Get();

    /// <summary>KMS for writes. Every call is sent once, since a repeated CreateKey would make a second key.</summary>
    public IAmazonKeyManagementService Writing => _writing.Get();

    /// <summary>STS with the same credentials.</summary>
    public IAmazonSecurityTokenService Sts => _sts.Get();

    /// <summary>Lets go of the clients that nobody has asked for lately. Whoever has one may go on using it.</summary>
    /// <param name="unusedFor">For how long nobody may have asked for them.</param>
    public void ReleaseIdle(TimeSpan unusedFor)
    {
        _reading.ReleaseIdle(unusedFor);
        _writing.ReleaseIdle(unusedFor);
        _sts.ReleaseIdle(unusedFor);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _reading.Dispose();
        _writing.Dispose();
        _sts.Dispose();
    }
}
