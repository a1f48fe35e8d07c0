namespace KmsOperator.Planning;

/// <summary>A value, or the error that explains why there is none.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
public readonly record struct Resolved<T>
    where T : class
{
    private Resolved(T? value, ReconcileError? error) => (Value, Error) = (value, error);

    /// <summary>The value; null when <see cref="Error"/> says why there is none.</summary>
    public T? Value { get; }

    /// <summary>Why there is no value; null when there is one.</summary>
    public ReconcileError? Error { get; }

    /// <summary>Takes the two apart; one of them is null.</summary>
    public void Deconstruct(out T? value, out ReconcileError? error) => (value, error) = (Value, Error);

    /// <summary>A value is a successful result.</summary>
    public static implicit operator Resolved<T>(T value) => new(value, null);

    /// <summary>An error is a failed result.</summary>
    public static implicit operator Resolved<T>(ReconcileError error) => new(null, error);
}
