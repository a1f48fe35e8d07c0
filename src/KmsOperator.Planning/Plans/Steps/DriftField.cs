namespace KmsOperator.Planning;

/// <summary>What part of a key a step changes; the label <c>field</c> of the metric <c>kmsoperator_drift_corrections_total</c>, in lower case.</summary>
public enum DriftField
{
    /// <summary>An alias.</summary>
    Alias,

    /// <summary>A scheduled deletion.</summary>
    Deletion,

    /// <summary>The description.</summary>
    Description,

    /// <summary>Whether the key is enabled.</summary>
    Enabled,

    /// <summary>A grant.</summary>
    Grants,

    /// <summary>Imported key material.</summary>
    Material,

    /// <summary>The key policy.</summary>
    Policy,

    /// <summary>Which Region's key is the primary.</summary>
    PrimaryRegion,

    /// <summary>Automatic rotation, or the key material.</summary>
    Rotation,

    /// <summary>Tags.</summary>
    Tags,
}
