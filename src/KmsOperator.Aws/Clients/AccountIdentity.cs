using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace KmsOperator.Aws;

/// <summary>Asks STS which account credentials belong to.</summary>
public static class AccountIdentity
{
    /// <summary>Returns the 12-digit account id of the client's credentials. sts:GetCallerIdentity needs no permission.</summary>
    public static async Task<string> GetAccountIdAsync(IAmazonSecurityTokenService sts, CancellationToken cancellationToken)
    {
        var identity = await sts.GetCallerIdentityAsync(new GetCallerIdentityRequest(), cancellationToken);
        return identity.Account;
    }
}
