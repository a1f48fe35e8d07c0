using Amazon.Runtime;
using Amazon.RuntimeDependencies;
using Amazon.SecurityToken;

namespace KmsOperator.Aws;

/// <summary>Makes credentials from a web identity token (IAM roles for service accounts) work in the trimmed build.</summary>
public static class WebIdentity
{
    /// <summary>
    /// Tells the SDK's credential chain how to make its STS client, which it would otherwise look up by reflection and not find
    /// in a native executable. The token itself is the credential, so the client has none. Call once, before the first client.
    /// </summary>
    public static void Register() =>
        GlobalRuntimeDependencyRegistry.Instance.RegisterSecurityTokenServiceClient(context =>
        {
            var region = context.SecurityTokenServiceClientContextData.Region;
            return new AmazonSecurityTokenServiceClient(
                new AnonymousAWSCredentials(),
                new AmazonSecurityTokenServiceConfig { RegionEndpoint = region, AuthenticationRegion = region?.SystemName });
        });
}
