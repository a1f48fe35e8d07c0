using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Asks the API server whose a token is. It is created and never stored.</summary>
/// <remarks>Source: Kubernetes API reference, TokenReview authentication.k8s.io/v1.</remarks>
public sealed record TokenReview : IResource
{
    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? "authentication.k8s.io/v1"; } = "authentication.k8s.io/v1";

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? "TokenReview"; } = "TokenReview";

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>The question.</summary>
    public TokenReviewSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>The answer.</summary>
    public TokenReviewStatus? Status { get; init; }
}

/// <summary><c>TokenReview.spec</c>.</summary>
public sealed record TokenReviewSpec
{
    /// <summary>The token. Left out of the text form, which may end in a log.</summary>
    public string Token { get; init; } = "";

    /// <inheritdoc />
    public override string ToString() => nameof(TokenReviewSpec);
}

/// <summary><c>TokenReview.status</c>.</summary>
public sealed record TokenReviewStatus
{
    /// <summary>Whether the token is good.</summary>
    public bool Authenticated { get; init; }

    /// <summary>Whose it is.</summary>
    public UserInfo? User { get; init; }
}

/// <summary>A user as the API server knows it.</summary>
public sealed record UserInfo
{
    /// <summary>For example <c>system:serviceaccount:monitoring:prometheus</c>.</summary>
    public string? Username { get; init; }

    /// <summary>Tells users of one name apart.</summary>
    public string? Uid { get; init; }

    /// <summary>The user's groups.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>What else the authenticator says.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }
}
