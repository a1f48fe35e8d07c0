using System.Net;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>The server's refusals, with its codes, reasons and words.</summary>
/// <remarks>Source: apimachinery, pkg/api/errors.</remarks>
internal static class ApiErrors
{
    public static KubernetesApiException NotServed() => new(HttpStatusCode.NotFound, "", "404 page not found");

    public static KubernetesApiException NotFound(string resource, string name) =>
        new(HttpStatusCode.NotFound, "NotFound", $"{resource} \"{name}\" not found");

    public static KubernetesApiException AlreadyExists(ServedKind kind, string name) =>
        new(HttpStatusCode.Conflict, "AlreadyExists", $"{kind.Resource} \"{name}\" already exists");

    public static KubernetesApiException Modified(ServedKind kind, string name) => Conflict(
        kind, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static KubernetesApiException Conflict(ServedKind kind, string name, string why) =>
        new(HttpStatusCode.Conflict, "Conflict", $"Operation cannot be fulfilled on {kind.Resource} \"{name}\": {why}");

    public static KubernetesApiException ApplyConflict(IReadOnlyList<(ManagedFields Owner, FieldSet Fields)> conflicts)
    {
        var fields = conflicts.SelectMany(conflict => conflict.Fields.Paths().Select(path =>
            $"conflict with \"{conflict.Owner.Manager}\"{(conflict.Owner.Subresource is { } name ? $" with subresource \"{name}\"" : "")} using {conflict.Owner.ApiVersion}: {path}")).ToList();
        return new(HttpStatusCode.Conflict, "Conflict", $"Apply failed with {fields.Count} conflict{(fields.Count == 1 ? "" : "s")}: {string.Join("\n", fields)}");
    }

    public static KubernetesApiException Invalid(ServedKind kind, string name, IReadOnlyList<FieldCause> causes)
    {
        var texts = causes.Select(cause => cause.ToString()).ToList();
        return new(
            HttpStatusCode.UnprocessableEntity, "Invalid",
            $"{kind.QualifiedKind} \"{name}\" is invalid: {(texts is [var only] ? only : $"[{string.Join(", ", texts)}]")}");
    }

    public static KubernetesApiException BadRequest(string why) => new(HttpStatusCode.BadRequest, "BadRequest", why);

    public static KubernetesApiException MethodNotAllowed() => new(
        HttpStatusCode.MethodNotAllowed, "MethodNotAllowed", "the server does not allow this method on the requested resource");

    public static KubernetesApiException Forbidden(ServedKind kind, string name, string why) =>
        new(HttpStatusCode.Forbidden, "Forbidden", $"{kind.Resource} \"{name}\" is forbidden: {why}");

    public static KubernetesApiException Expired(string why) => new(HttpStatusCode.Gone, "Expired", why);

    public static KubernetesApiException TooLarge() => new(
        HttpStatusCode.RequestEntityTooLarge, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");

    /// <summary>An error that the server did not expect either.</summary>
    public static KubernetesApiException Unexpected(string why) => new(HttpStatusCode.InternalServerError, "", why);
}
