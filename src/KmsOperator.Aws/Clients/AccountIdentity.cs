using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace KmsOperator.Aws;

/// <summary>Asks AWS whose credentials these are.</summary>
public static class AccountIdentity
{
    /// <summary>The 12-digit account id that the credentials belong to, by sts:GetCallerIdentity, which needs no permission.</summary>
    public static async Task<string> GetAccountIdAsync(IAmazonSecurityTokenService sts, CancellationToken cancellationToken)
    {
        var identity = await sts.GetCallerIdentityAsync(new GetCallerIdentityRequest(), cancellationToken);
        return identity.Account;
    }
}
