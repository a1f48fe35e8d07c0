using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Observability.Http;

/// <summary>A server's certificate from two PEM files, read again when they have changed, as they do when a certificate is renewed.</summary>
/// <remarks>
/// The files are compared by what is in them and not by their times: in a mounted Secret both are links, whose own times never change.
/// They are small, and a connection for metrics is opened every few seconds at most.
/// </remarks>
internal sealed class ServerCertificate
{
    private readonly string _certificateFile;
    private readonly string _keyFile;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private string _loaded;
    private string _refused = "";
    private SslServerAuthenticationOptions _options;

    private ServerCertificate(string certificateFile, string keyFile, ILogger logger)
    {
        (_certificateFile, _keyFile, _logger) = (certificateFile, keyFile, logger);
        var (certificate, key) = Read();
        _options = Parse(certificate, key);
        _loaded = certificate + key;
    }

    /// <summary>Reads the files.</summary>
    /// <param name="certificateFile">The server's certificate, and those of the authorities between it and the root, in PEM.</param>
    /// <param name="keyFile">Its private key, in PEM, without a password.</param>
    /// <param name="logger">Told of renewals.</param>
    /// <exception cref="FormatException">They cannot be read, or do not belong together.</exception>
    public static ServerCertificate Load(string certificateFile, string keyFile, ILogger logger)
    {
        try
        {
            return new ServerCertificate(certificateFile, keyFile, logger);
        }
        catch (Exception e) when (IsAboutTheFiles(e))
        {
            throw new FormatException($"'{certificateFile}' and '{keyFile}' are not a certificate and its key in PEM: {e.Message}", e);
        }
    }

    /// <summary>What a new connection is offered.</summary>
    public SslServerAuthenticationOptions Options()
    {
        lock (_gate)
        {
            var files = "";
            try
            {
                var (certificate, key) = Read();
                files = certificate + key;
                if (files != _loaded && files != _refused)
                {
                    _options = Parse(certificate, key);
                    _loaded = files;
                    _logger.LogInformation("The certificate of /metrics was read again from {File}", _certificateFile);
                }
            }
            catch (Exception e) when (IsAboutTheFiles(e))
            {
                // Perhaps one of the two is not written yet: the next connection looks again, and this is said once for each state of them.
                if (files.Length == 0 || files != _refused)
                {
                    _logger.LogWarning("{File} and {KeyFile} cannot be used, the certificate from before stays: {Message}", _certificateFile, _keyFile, e.Message);
                }

                _refused = files;
            }

            return _options;
        }
    }

    private (string Certificate, string Key) Read() => (File.ReadAllText(_certificateFile), File.ReadAllText(_keyFile));

    private static SslServerAuthenticationOptions Parse(string certificate, string key)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        var leaf = X509Certificate2.CreateFromPem(certificate, key);
        return new SslServerAuthenticationOptions
        {
            // Offline: nothing is fetched from where the certificate says its issuers are.
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
            ClientCertificateRequired = false,
        };
    }

    private static bool IsAboutTheFiles(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;
}
