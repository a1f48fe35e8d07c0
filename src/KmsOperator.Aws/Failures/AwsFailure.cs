using System.Net;
using Amazon.Runtime;

namespace KmsOperator.Aws;

/// <summary>What a failed AWS call means.</summary>
public enum AwsFailureKind
{
    /// <summary>No such key, alias, grant or Region entry; perhaps not visible yet.</summary>
    NotFound,

    /// <summary>The alias, or the replica in that Region, exists already.</summary>
    AlreadyExists,

    /// <summary>Too many requests.</summary>
    Throttled,

    /// <summary>Not allowed, or the credentials are not valid.</summary>
    AccessDenied,

    /// <summary>The policy document is malformed.</summary>
    InvalidPolicy,

    /// <summary>A principal of the policy does not exist, or is not visible yet.</summary>
    InvalidPrincipal,

    /// <summary>The policy would lock the caller out.</summary>
    PolicyLockout,

    /// <summary>A resource quota is used up.</summary>
    QuotaExceeded,

    /// <summary>The key would have more tags than KMS permits.</summary>
    TooManyTags,

    /// <summary>The key's state does not permit the operation.</summary>
    InvalidState,

    /// <summary>The key material is none that this key takes.</summary>
    IncorrectKeyMaterial,

    /// <summary>The token of an import has expired or is not valid for it; a new one may be.</summary>
    InvalidImportToken,

    /// <summary>KMS refuses the request as such.</summary>
    InvalidRequest,

    /// <summary>AWS failed or could not be reached; whether the call had an effect is unknown.</summary>
    Unavailable,
}

/// <summary>A failed AWS call, classified. The one place that knows error codes.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Code">AWS's error code, or the name of the transport error; <c>NoCredentials</c> where there are none.</param>
/// <param name="Message">AWS's own words; ours about credentials.</param>
/// <param name="Operation">The operation that failed, if known.</param>
public sealed record AwsFailure(AwsFailureKind Kind, string Code, string Message, string? Operation = null)
{
    /// <summary>Whether the call never left this process.</summary>
    public bool WasNotSent { get; init; }

    /// <summary>Whether the call may have changed something all the same.</summary>
    public bool EffectIsUnknown => Kind == AwsFailureKind.Unavailable && !WasNotSent;

    /// <summary>Whether AWS takes no such call for now, because it throttles or cannot be reached. It says nothing about the call itself.</summary>
    public bool IsForNow => Kind is AwsFailureKind.Throttled or AwsFailureKind.Unavailable;

    /// <summary>Whether KMS does not do this with a key like that: with a replica, for example, what only a primary takes.</summary>
    public bool IsUnsupported => WithoutSuffix(Code) == "UnsupportedOperation";

    /// <summary>
    /// Classifies by error code and status: the SDK has exception types only for errors that an operation's model names, and
    /// throttling, access and validation errors are in no model.
    /// </summary>
    /// <returns>Null for exceptions that do not come from a call.</returns>
    public static AwsFailure? Of(Exception exception, string? operation = null) => exception switch
    {
        _ when CredentialFailure.Describe(exception) is { } text => new AwsFailure(AwsFailureKind.Unavailable, CredentialFailure.Code, text, operation),
        WriteFencedException fenced => new AwsFailure(AwsFailureKind.Unavailable, "WriteFenced", fenced.Message, operation ?? fenced.Operation) { WasNotSent = true },
        AmazonServiceException service => new AwsFailure(KindOf(service), CodeOf(service), service.Message, operation),
        AmazonClientException or HttpRequestException or HttpIOException or TimeoutException or IOException or OperationCanceledException =>
            new AwsFailure(AwsFailureKind.Unavailable, exception.GetType().Name, exception.Message, operation),
        _ => null,
    };

    /// <summary>As <see cref="Of(Exception, string)"/>, for a call that the caller may have ended itself: that is no failure of AWS.</summary>
    /// <param name="exception">What the call has thrown.</param>
    /// <param name="cancellationToken">What the caller ends calls with.</param>
    /// <param name="operation">The operation that failed, if known.</param>
    /// <returns>Null as well once <paramref name="cancellationToken"/> is cancelled.</returns>
    public static AwsFailure? Of(Exception exception, CancellationToken cancellationToken, string? operation = null) =>
        cancellationToken.IsCancellationRequested ? null : Of(exception, operation);

    /// <summary>Whether an endpoint does not know the operation at all: an older Region, or something that imitates KMS.</summary>
    public static bool IsUnknownOperation(AmazonServiceException exception) =>
        exception.ErrorCode is "UnknownOperation" or "UnknownOperationException" or "NotImplemented" or "NotImplementedException" or "InvalidAction"
        || exception.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.NotFound;

    /// <summary>Whether an error code says that there were too many requests.</summary>
    internal static bool IsThrottling(string code) => WithoutSuffix(code)
        is "Throttling" or "Throttled" or "RequestLimitExceeded" or "TooManyRequests" or "RequestThrottled" or "SlowDown";

    private static string WithoutSuffix(string code) =>
        code.EndsWith("Exception", StringComparison.Ordinal) ? code[..^"Exception".Length] : code;

    private static string CodeOf(AmazonServiceException exception) =>
        string.IsNullOrEmpty(exception.ErrorCode) ? ((int)exception.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture) : exception.ErrorCode;

    private static AwsFailureKind KindOf(AmazonServiceException exception)
    {
        var code = WithoutSuffix(exception.ErrorCode ?? "");
        return code switch
        {
            "NotFound" or "InvalidGrantId" => AwsFailureKind.NotFound,
            "AlreadyExists" => AwsFailureKind.AlreadyExists,
            _ when IsThrottling(code) => AwsFailureKind.Throttled,
            "AccessDenied" or "UnrecognizedClient" or "InvalidClientTokenId" or "ExpiredToken" or "ExpiredTokenException" or "InvalidSignature"
                or "SignatureDoesNotMatch" or "MissingAuthenticationToken" or "IncompleteSignature" or "NotAuthorized" or "OptInRequired"
                or "RegionDisabled" => AwsFailureKind.AccessDenied,
            "MalformedPolicyDocument" => PolicyKindOf(exception.Message),
            "Tag" when exception.Message.Contains("too many tags", StringComparison.OrdinalIgnoreCase) => AwsFailureKind.TooManyTags,
            "IncorrectKeyMaterial" => AwsFailureKind.IncorrectKeyMaterial,
            "ExpiredImportToken" or "InvalidImportToken" => AwsFailureKind.InvalidImportToken,
            "LimitExceeded" => AwsFailureKind.QuotaExceeded,
            "KMSInvalidState" or "Disabled" or "Conflict" or "CustomKeyStoreInvalidState" => AwsFailureKind.InvalidState,
            "KMSInternal" or "DependencyTimeout" or "KeyUnavailable" or "ServiceUnavailable" or "InternalFailure" or "InternalError" => AwsFailureKind.Unavailable,
            _ when exception.StatusCode == HttpStatusCode.TooManyRequests => AwsFailureKind.Throttled,
            _ when exception.StatusCode == HttpStatusCode.RequestTimeout => AwsFailureKind.Unavailable,
            not "" when (int)exception.StatusCode is >= 400 and < 500 => AwsFailureKind.InvalidRequest,

            // 5xx, and answers that could not be read: the effect is unknown. Without a code it is the answer of a proxy, whatever its status.
            _ => AwsFailureKind.Unavailable,
        };
    }

    private static AwsFailureKind PolicyKindOf(string message)
    {
        if (message.Contains("invalid principals", StringComparison.OrdinalIgnoreCase))
        {
            return AwsFailureKind.InvalidPrincipal;
        }

        return message.Contains("will not allow you to update the key policy", StringComparison.OrdinalIgnoreCase)
            ? AwsFailureKind.PolicyLockout
            : AwsFailureKind.InvalidPolicy;
    }
}
