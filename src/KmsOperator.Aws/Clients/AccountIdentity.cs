using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace KmsOperator.Aws;

/// <summary>Who credentials belong to.</summary>
/// <param name="AccountId">The 12-digit account id.</param>
/// <param name="Arn">The user or the session of a role, as CloudTrail names it too.</param>
public sealed record AccountIdentity(string AccountId, string Arn)
{
    /// <summary>Asks STS. sts:GetCallerIdentity needs no permission.</summary>
    public static async Task<AccountIdentity> GetAsync(IAmazonSecurityTokenService sts, CancellationToken cancellationToken)
    {
        var identity = await sts.GetCallerIdentityAsync(new GetCallerIdentityRequest(), cancellationToken);
        return new AccountIdentity(identity.Account, identity.Arn);
    }
}
