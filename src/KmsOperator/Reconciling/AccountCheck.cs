using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>
/// Holds the account that credentials belong to against the account that a key is in. KMS answers for whatever account asks: with
/// other credentials a key id that exists is not found, and a key that is made is made elsewhere.
/// </summary>
internal sealed class AccountCheck(RegionalClientFactory regions)
{
    /// <summary>Why the credentials are of no use for keys of an account; null when they are its own.</summary>
    /// <param name="access">The credentials.</param>
    /// <param name="accountId">The account that the key is in, or is to be in.</param>
    /// <param name="className">The KeyClass that names the credentials, for the message.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReconcileError?> FindMismatchAsync(AwsAccess access, string accountId, string className, CancellationToken cancellationToken)
    {
        try
        {
            // Asked once per credentials and process; the KeyClass's own reconciliation renews the answer.
            var actual = await regions.GetAccountIdAsync(access, DateTimeOffset.MinValue, cancellationToken);
            return actual == accountId ? null : ReconcileError.Terminal(
                Reasons.AccountMismatch,
                $"The key is in account {accountId}, but the credentials of KeyClass {className}{(access.RoleArn is null ? "" : $" ({access.RoleArn})")} belong to account {actual}. "
                + "Nothing is done there, and keys do not move: put the class's account back.");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            return AwsReconcileError.For(
                failure with { Operation = access.RoleArn is null ? "GetCallerIdentity" : "AssumeRole" }, access.RoleArn ?? "the operator's own credentials", isRecent: false);
        }
    }
}
