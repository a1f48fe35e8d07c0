namespace KmsOperator.Planning;

/// <summary>One rule of the API that a resource breaks.</summary>
/// <param name="Field">Path of the field as Kubernetes writes it, for example <c>spec.access.users[0]</c>.</param>
/// <param name="Message">For a person: what is wrong, and what to do.</param>
public sealed record FieldError(string Field, string Message)
{
    /// <summary><c>{field}: {message}</c>, as conditions and the command line show it.</summary>
    public override string ToString() => $"{Field}: {Message}";
}
