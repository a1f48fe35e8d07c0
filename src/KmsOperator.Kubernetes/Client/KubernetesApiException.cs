using System.Net;

namespace KmsOperator.Kubernetes;

/// <summary>The API server refused.</summary>
/// <param name="statusCode">HTTP's code; for an error in a watch the code of the Status object.</param>
/// <param name="reason">The Status object's reason, for example <c>AlreadyExists</c>; empty when the answer had none.</param>
/// <param name="message">The Status object's message.</param>
/// <param name="retryAfter">How long the server wants to be left alone, where it said so.</param>
/// <remarks>Source: Kubernetes API conventions, "Response Status Kind".</remarks>
public sealed class KubernetesApiException(HttpStatusCode statusCode, string reason, string message, TimeSpan? retryAfter = null)
    : Exception(message)
{
    /// <summary>HTTP's code.</summary>
    public HttpStatusCode StatusCode { get; } = statusCode;

    /// <summary>The server's own word for the failure, for example <c>Conflict</c>.</summary>
    public string Reason { get; } = reason;

    /// <summary>How long the server wants to be left alone, where it said so.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>The object has changed or exists already: read again, then decide again.</summary>
    public bool IsConflict => StatusCode == HttpStatusCode.Conflict;

    /// <summary>There is no such object.</summary>
    public bool IsNotFound => StatusCode == HttpStatusCode.NotFound;

    /// <summary>The account may not do this, or the namespace is being deleted.</summary>
    public bool IsForbidden => StatusCode == HttpStatusCode.Forbidden;

    /// <summary>The version or page asked for is too old: list again.</summary>
    public bool IsGone => StatusCode == HttpStatusCode.Gone;

    /// <summary>The object is not acceptable; the same request will fail again.</summary>
    public bool IsInvalid => StatusCode is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest;
}
