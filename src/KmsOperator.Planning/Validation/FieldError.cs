namespace KmsOperator.Planning;

/// <summary>What is wrong with one field of a resource.</summary>
/// <param name="Field">Path of the field, for example <c>spec.replicaRegions[1]</c>.</param>
/// <param name="Message">What is wrong and what it must be, without the field's name.</param>
public sealed record FieldError(string Field, string Message);
