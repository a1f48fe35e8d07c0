using System.Globalization;
using KmsOperator.Api;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Terminal;

namespace KmsOperator.Inspection;

/// <summary>Says of each resource what the columns of <c>kubectl get</c> have no room for.</summary>
/// <param name="colours">Colours, or none.</param>
internal sealed class StatusText(Colours colours)
{
    /// <summary>The text, with a line break at its end.</summary>
    public string Write(IEnumerable<IKeyResource> resources) => string.Join("\n", resources.Select(Write));

    /// <summary>Whether a resource is as described: ready, in its present generation.</summary>
    public static bool IsReady(IKeyResource resource) => ResourceConditions.IsReady(resource.Status?.Conditions, resource.Metadata.Generation);

    private string Write(IKeyResource resource)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var status = resource.Status ?? new KeyStatus();
        var ready = ResourceConditions.Find(status.Conditions, ConditionTypes.Ready);
        text.WriteLine(colours.Bold($"{resource.Kind} {NamespacedName.Of(resource)}"));
        Line("ready", ready is null ? colours.Yellow("not reconciled yet")
            : ready.Status == "True" ? colours.Green($"{ready.Reason} since {Time(ready.LastTransitionTime)}")
            : colours.Red($"{ready.Reason} since {Time(ready.LastTransitionTime)}"));
        Line("message", ready?.Message);
        Line("behind", ready is not null && ready.ObservedGeneration != resource.Metadata.Generation ? "the spec has changed since; the operator has not seen it yet" : null);
        Line("key", status.Arn);
        Line("state", status.KeyState is { } state && status.DeletionDate is { } deletion ? $"{state}, deleted on {Time(deletion)}" : status.KeyState);
        Line("alias", status.AliasName);
        Line("alias to come", status.PendingAliasName);
        Line("former aliases", status.FormerAliasNames is { Count: > 0 } former ? string.Join(", ", former) : null);
        foreach (var grant in status.Grants ?? [])
        {
            Line("grant", $"{grant.Name}: {string.Join(", ", grant.Operations ?? [])} for {grant.GranteePrincipal ?? grant.GranteeServicePrincipal}{(grant.Foreign == true ? $" (made by others, {grant.GrantId})" : "")}");
        }

        foreach (var grant in status.LeftGrants ?? [])
        {
            Line("left grant", $"{grant.Name}: {string.Join(", ", grant.Operations ?? [])} for {grant.GranteePrincipal ?? grant.GranteeServicePrincipal} (made by others, {grant.GrantId})");
        }

        Line("former grants", status.FormerGrantNames is { Count: > 0 } revoked ? string.Join(", ", revoked) : null);
        Line("rotation", Rotation(status));
        Line("last compared with AWS", Time(status.LastVerifiedAt));
        Line("last changed by the operator", Time(status.LastChangedAt));
        Line("on deletion", status.DeletionPolicy is { } policy
            ? string.Create(CultureInfo.InvariantCulture, $"{policy}{(policy == "Delete" ? $" after {status.PendingDeletionWindowDays} days" : "")}")
            : null);
        Line("undecided", CreateAttempt.Of(resource) is { } attempt ? $"whether attempt {attempt.Id} of {Time(attempt.RecordedAt)} made a key" : null);
        Line("undecided", status.RotationAttempt is { } rotation ? $"whether the key was rotated at {Time(rotation.StartedAt)}" : null);
        Line("not handled yet", Unhandled(resource, AnnotationNames.RotateAt, status.LastHandledRotateAt));
        Line("not handled yet", Unhandled(resource, AnnotationNames.ReconcileAt, status.LastHandledReconcileAt));
        foreach (var step in status.Plan ?? [])
        {
            Line("Full would", $"{step.Operation}: {step.Summary}");
        }

        foreach (var replica in status.Replicas ?? [])
        {
            Line("replica", $"{replica.Region}  {replica.Arn ?? "no key"}  {replica.KeyState ?? "-"}  {replica.Name}");
        }

        return text.ToString();

        void Line(string label, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.WriteLine($"  {label + ":",-30}{value}");
            }
        }
    }

    private static string? Rotation(KeyStatus status)
    {
        if (status.Rotation is not { } rotation)
        {
            return null;
        }

        var what = rotation.Enabled == true ? string.Create(CultureInfo.InvariantCulture, $"every {rotation.PeriodDays} days") : "off";
        string?[] parts =
        [
            what,
            rotation.NextRotationDate is { } next ? $"next {Time(next)}" : null,
            rotation.LastRotationDate is { } last ? $"last {Time(last)}" : null,
            status.OnDemandRotations is { } count ? string.Create(CultureInfo.InvariantCulture, $"{count} of 25 on demand") : null,
        ];
        return string.Join(", ", parts.OfType<string>());
    }

    private static string? Unhandled(IResource resource, string annotation, string? handled) =>
        resource.Metadata.Annotations?.GetValueOrDefault(annotation) is { Length: > 0 } value && value != handled ? $"{annotation}: {value}" : null;

    private static string? Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
