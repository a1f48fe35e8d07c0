using System.Text;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>Writes kubeconfig files.</summary>
internal static class Kubeconfig
{
    public static string WithCertificate(Uri server, string caPem, (string CertificatePem, string KeyPem) user) =>
        Text(server, Base64(caPem), $"{{client-certificate-data: {Base64(user.CertificatePem)}, client-key-data: {Base64(user.KeyPem)}}}");

    /// <param name="server">The API server.</param>
    /// <param name="caData">The CA's certificate in Base64, as it stands in another kubeconfig.</param>
    /// <param name="token">A bearer token.</param>
    public static string WithToken(Uri server, string caData, string token) => Text(server, caData, $"{{token: {token}}}");

    private static string Text(Uri server, string caData, string user) => $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: test
          cluster: {"{"}server: "{server.AbsoluteUri.TrimEnd('/')}", certificate-authority-data: {caData}{"}"}
        users:
        - name: test
          user: {user}
        contexts:
        - name: test
          context: {"{"}cluster: test, user: test{"}"}
        current-context: test

        """;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
