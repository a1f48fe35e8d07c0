namespace KmsOperator.Policies;

/// <summary>Which policy is generated.</summary>
public enum PolicyPreset
{
    /// <summary>What the solution, or else AWS's page on the service, asks for.</summary>
    Canonical,

    /// <summary>The same with fewer rights: see <see cref="ScopedStatements"/>.</summary>
    Scoped,
}
