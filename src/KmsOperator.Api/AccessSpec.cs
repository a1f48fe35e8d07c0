namespace KmsOperator.Api;

/// <summary>Who gets what on a key.</summary>
public sealed record AccessSpec
{
    /// <summary>IAM role names or principal ARNs with administrative access. A bare name means a role in the key's own account.</summary>
    public IReadOnlyList<string>? Administrators { get; init; }

    /// <summary>IAM role names or principal ARNs with usage access.</summary>
    public IReadOnlyList<string>? Users { get; init; }

    /// <summary>Account ids (12 digits) whose root gets usage and grant access.</summary>
    public IReadOnlyList<string>? TrustedAccounts { get; init; }

    /// <summary>Whether trusted accounts may also use the key through the service (<c>kms:CallerAccount</c>). Default false.</summary>
    public bool? CrossAccountViaService { get; init; }
}
