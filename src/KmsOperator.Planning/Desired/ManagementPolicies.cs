namespace KmsOperator.Planning;

/// <summary>Values of <c>spec.managementPolicy</c>.</summary>
public static class ManagementPolicies
{
    /// <summary>Never writes to AWS.</summary>
    public const string Observe = "Observe";
}
