using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Accounts;

/// <summary>
/// Compares the account that credentials belong to with the account that a key is in. KMS answers for the account that asks: with the
/// credentials of another account a key that exists is not found, and a new key is created in the wrong place.
/// </summary>
internal sealed class AccountCheck(RegionalClientFactory regions)
{
    /// <summary>The account that the credentials belong to.</summary>
    /// <param name="access">The credentials.</param>
    /// <param name="notBefore">How fresh the answer of STS must be.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The 12-digit account id, or why STS did not say it.</returns>
    public async Task<Resolved<string>> IdentifyAsync(AwsAccess access, DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        try
        {
            return await regions.GetAccountIdAsync(access, notBefore, cancellationToken);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return AwsReconcileError.For(
                failure with { Operation = access.RoleArn is null ? "GetCallerIdentity" : "AssumeRole" }, access.RoleArn ?? "the operator's own credentials", isRecent: false);
        }
    }

    /// <summary>Why the credentials of a class cannot be used for keys of an account; null when they belong to it.</summary>
    /// <param name="access">The credentials.</param>
    /// <param name="accountId">The account that the key is in, or is to be in.</param>
    /// <param name="className">The KeyClass that names the credentials, for the message.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReconcileError?> FindMismatchAsync(AwsAccess access, string accountId, string className, CancellationToken cancellationToken)
    {
        // STS is asked once per credentials and process; the reconcile of the KeyClass renews the answer.
        var (actual, error) = await IdentifyAsync(access, DateTimeOffset.MinValue, cancellationToken);
        return error ?? (actual == accountId ? null : ReconcileError.Terminal(
            Reasons.AccountMismatch,
            $"The key is in account {accountId}, but the credentials of KeyClass {className}{Role(access)} belong to account {actual}. "
            + "Nothing is done there, and keys do not move: put the class's account back."));
    }

    /// <summary>Why a class's credentials cannot be used for the account that it names; null when they belong to it, or when it names none.</summary>
    /// <param name="access">The class's credentials.</param>
    /// <param name="wanted"><c>spec.account.id</c>.</param>
    /// <param name="actual">The account that the credentials belong to.</param>
    public static ReconcileError? FindMismatch(AwsAccess access, string? wanted, string actual) => wanted is null || wanted == actual
        ? null
        : ReconcileError.Terminal(
            Reasons.AccountMismatch, $"spec.account.id: is {wanted}, but the credentials{Role(access)} belong to account {actual}. Nothing is written there.");

    private static string Role(AwsAccess access) => access.RoleArn is null ? "" : $" ({access.RoleArn})";
}
