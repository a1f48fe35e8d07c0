namespace KmsOperator.Api;

/// <summary>Automatic rotation of a key's material.</summary>
public sealed record RotationSpec
{
    /// <summary>Whether KMS rotates the key by itself. Default true for keys that can rotate.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Days between rotations, 90 to 2560. Default 365.</summary>
    public int? PeriodDays { get; init; }
}
