namespace KmsOperator.Aws;

/// <summary>Tells, just before a request is sent, whether this process may change anything in AWS. With leader election that is the lease.</summary>
public interface IWriteFence
{
    /// <summary>Whether a write may be sent now.</summary>
    bool IsOpen { get; }

    /// <summary>Whether a write may be sent now that makes a key, and so must not happen twice. It needs a confirmation that is seconds old.</summary>
    bool IsFresh { get; }

    /// <summary>Whether this process may send an operation to that account and Region at all, whenever the fence is open.</summary>
    /// <param name="access">Credentials and Region of the call.</param>
    /// <param name="operation">KMS's name of the operation, for example <c>CreateKey</c>.</param>
    bool Permits(AwsAccess access, string operation) => true;

    /// <summary>Waits for <see cref="IsFresh"/>, or until it is certain that it will not come.</summary>
    Task WaitUntilFreshAsync(CancellationToken cancellationToken);
}

/// <summary>The write was not sent, since another instance may lead by now. AWS never saw it.</summary>
/// <param name="operation">The operation, for example <c>CreateKey</c>.</param>
public sealed class WriteFencedException(string operation)
    : Exception($"{operation} was not sent: this instance has not renewed its lease in time, or the lease of that account and Region is not its own, so another instance may work there now.")
{
    /// <summary>The operation that was not sent.</summary>
    public string Operation { get; } = operation;
}
