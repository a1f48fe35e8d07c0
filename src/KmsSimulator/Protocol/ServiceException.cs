namespace KmsSimulator.Protocol;

/// <summary>An error as AWS reports it.</summary>
/// <param name="code">The error code, for example <c>NotFoundException</c>.</param>
/// <param name="message">AWS's words where they are known, else ours.</param>
/// <param name="status">HTTP status: 400, or 5xx for KMS's own faults.</param>
internal sealed class ServiceException(string code, string message, int status = 400) : Exception(message)
{
    public string Code => code;

    public int Status => status;
}
