using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Asks the API server whether a user may do something. It is created and never stored.</summary>
/// <remarks>Source: Kubernetes API reference, SubjectAccessReview authorization.k8s.io/v1.</remarks>
public sealed record SubjectAccessReview : IResource
{
    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? "authorization.k8s.io/v1"; } = "authorization.k8s.io/v1";

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? "SubjectAccessReview"; } = "SubjectAccessReview";

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>The question.</summary>
    public SubjectAccessReviewSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>The answer.</summary>
    public SubjectAccessReviewStatus? Status { get; init; }
}

/// <summary><c>SubjectAccessReview.spec</c>.</summary>
public sealed record SubjectAccessReviewSpec
{
    /// <summary>The user's name.</summary>
    public string? User { get; init; }

    /// <summary>Tells users of one name apart.</summary>
    public string? Uid { get; init; }

    /// <summary>The user's groups.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>What else the authenticator said.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }

    /// <summary>What is to be done, outside of resources.</summary>
    public NonResourceAttributes? NonResourceAttributes { get; init; }
}

/// <summary>A request for a path.</summary>
public sealed record NonResourceAttributes
{
    /// <summary>For example <c>/metrics</c>.</summary>
    public string Path { get; init; } = "";

    /// <summary>HTTP's method in lower case.</summary>
    public string Verb { get; init; } = "";
}

/// <summary><c>SubjectAccessReview.status</c>.</summary>
public sealed record SubjectAccessReviewStatus
{
    /// <summary>Whether the user may.</summary>
    public bool Allowed { get; init; }
}
