namespace KmsSimulator.Protocol;

/// <summary>An error as AWS reports it.</summary>
/// <param name="code">The error code, for example <c>NotFoundException</c>.</param>
/// <param name="message">AWS's words.</param>
/// <param name="status">HTTP status.</param>
internal sealed class KmsException(string code, string message, int status = 400) : Exception(message)
{
    public string Code { get; } = code;

    public int Status { get; } = status;

    public static KmsException NotFound(string what) => new("NotFoundException", $"{what} is not found.");

    public static KmsException KeyNotFound(string arn) => new("NotFoundException", $"Key '{arn}' does not exist");

    public static KmsException Validation(string message) => new("ValidationException", message);

    public static KmsException InvalidState(string message) => new("KMSInvalidStateException", message);

    public static KmsException Unsupported(string message) => new("UnsupportedOperationException", message);

    public static KmsException LimitExceeded(string message) => new("LimitExceededException", message);

    public static KmsException InvalidArn(string message) => new("InvalidArnException", message);

    public static KmsException Tag(string message) => new("TagException", message);

    public static KmsException MalformedPolicy(string message) => new("MalformedPolicyDocumentException", message);
}
