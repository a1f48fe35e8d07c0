using Amazon.Runtime;
using Amazon.RuntimeDependencies;
using Amazon.SecurityToken;

namespace KmsOperator.Aws;

/// <summary>Makes credentials from a web identity token (IAM roles for service accounts) work in the trimmed build.</summary>
public static class WebIdentity
{
    /// <summary>
    /// Tells the SDK's credential chain how to create its STS client. Otherwise the SDK looks the type up by reflection, and does not find
    /// it in a native executable. The client needs no credentials, since the token is the credential. Call this once, before the first
    /// client is created.
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
