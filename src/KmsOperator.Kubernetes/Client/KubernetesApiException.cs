using System.Net;

namespace KmsOperator.Kubernetes;

/// <summary>The API server refused a request.</summary>
/// <param name="statusCode">The HTTP status code; for an error in a watch, the code of the Status object.</param>
/// <param name="reason">The Status object's reason, for example <c>AlreadyExists</c>; empty if the answer had none.</param>
/// <param name="message">The Status object's message.</param>
/// <param name="retryAfter">How long the server asked the client to wait; null if it did not ask.</param>
/// <remarks>Source: Kubernetes API conventions, "Response Status Kind".</remarks>
public sealed class KubernetesApiException(HttpStatusCode statusCode, string reason, string message, TimeSpan? retryAfter = null)
    : Exception(message)
{
    /// <summary>The HTTP status code.</summary>
    public HttpStatusCode StatusCode { get; } = statusCode;

    /// <summary>The reason in the Status object, for example <c>Conflict</c>.</summary>
    public string Reason { get; } = reason;

    /// <summary>How long the server asked the client to wait; null if it did not ask.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>The object has changed or exists already. Read it again, then decide again.</summary>
    public bool IsConflict => StatusCode == HttpStatusCode.Conflict;

    /// <summary>The object does not exist.</summary>
    public bool IsNotFound => StatusCode == HttpStatusCode.NotFound;

    /// <summary>The account may not do this, or the namespace is being deleted.</summary>
    public bool IsForbidden => StatusCode == HttpStatusCode.Forbidden;

    /// <summary>The requested version or page is too old. List again.</summary>
    public bool IsGone => StatusCode == HttpStatusCode.Gone;

    /// <summary>The object is not valid. The same request will fail again.</summary>
    public bool IsInvalid => StatusCode is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest;
}
