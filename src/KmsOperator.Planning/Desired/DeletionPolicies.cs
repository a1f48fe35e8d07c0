namespace KmsOperator.Planning;

/// <summary>Values of <c>spec.deletionPolicy</c>.</summary>
public static class DeletionPolicies
{
    /// <summary>The key stays.</summary>
    public const string Retain = "Retain";

    /// <summary>The key's deletion is scheduled.</summary>
    public const string Delete = "Delete";

    /// <summary>The key stays, disabled.</summary>
    public const string Disable = "Disable";
}
