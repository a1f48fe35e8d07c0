namespace KmsOperator.Configuration;

/// <summary>The operator cannot start, for a reason that a person can change; the message is the whole of it, in sentences.</summary>
internal sealed class StartFailedException(string message, Exception? innerException = null) : Exception(message, innerException);
