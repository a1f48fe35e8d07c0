using Amazon.KeyManagementService.Model;
using KmsOperator.Planning;

namespace KmsOperator.Aws;

/// <summary>Builds the request that makes a grant.</summary>
internal static class GrantRequests
{
    /// <summary>The request. By its name KMS knows it again when it is sent twice.</summary>
    /// <param name="grant">What is in the grant.</param>
    /// <param name="keyId">The key.</param>
    public static CreateGrantRequest Of(DesiredGrant grant, string keyId) => new()
    {
        KeyId = keyId,
        Name = grant.KmsName,
        GranteePrincipal = grant.GranteePrincipal,
        GranteeServicePrincipal = grant.GranteeServicePrincipal,
        RetiringPrincipal = grant.RetiringPrincipal,
        RetiringServicePrincipal = grant.RetiringServicePrincipal,
        Operations = [.. grant.Operations],
        Constraints = grant is { SourceArn: null, EncryptionContextEquals: null, EncryptionContextSubset: null } ? null : new GrantConstraints
        {
            SourceArn = grant.SourceArn,
            EncryptionContextEquals = grant.EncryptionContextEquals?.ToDictionary(),
            EncryptionContextSubset = grant.EncryptionContextSubset?.ToDictionary(),
        },
    };
}
