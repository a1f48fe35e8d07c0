using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KmsOperator.UnitTests.Observability.Http;

/// <summary>Certificates in files, as a mounted Secret has them.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("kms-operator-tls-");

    public string CertificateFile => Path.Combine(_files.FullName, "tls.crt");

    public string KeyFile => Path.Combine(_files.FullName, "tls.key");

    /// <summary>Writes a certificate for localhost with its key.</summary>
    public void Write(string name)
    {
        var (certificate, key) = Make(name);
        File.WriteAllText(CertificateFile, certificate);
        File.WriteAllText(KeyFile, key);
    }

    public static (string Certificate, string Key) Make(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>A certificate for localhost, and the authority that signed it, which another authority signed.</summary>
    public static (string Certificate, string Key, string Authority) MakeSigned()
    {
        using var root = Authority("root", signer: null);
        using var authority = Authority("authority", root);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=signed", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, authority.NotBefore, authority.NotAfter, [3]);
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), authority.ExportCertificatePem());

        static X509Certificate2 Authority(string name, X509Certificate2? signer)
        {
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            var now = TimeProvider.System.GetUtcNow();
            return signer is null
                ? request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1))
                : request.Create(signer, signer.NotBefore, signer.NotAfter, [2]).CopyWithPrivateKey(key);
        }
    }

    public void Dispose() => _files.Delete(recursive: true);
}
