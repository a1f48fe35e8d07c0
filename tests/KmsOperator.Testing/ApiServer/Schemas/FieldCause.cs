namespace KmsOperator.Testing.ApiServer;

/// <summary>One thing that is wrong with an object, in the server's words.</summary>
/// <param name="Field">Path, for example <c>spec.access.users[1]</c>.</param>
/// <param name="Message">What is wrong with it.</param>
/// <param name="IsBlocking">CEL rules are not evaluated on an object with such a mistake.</param>
internal readonly record struct FieldCause(string Field, string Message, bool IsBlocking)
{
    public override string ToString() => $"{Field}: {Message}";
}
