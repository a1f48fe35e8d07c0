using System.Text.Json.Serialization;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Kubernetes;

namespace KmsOperator.IntegrationTests.Runtime;

/// <summary>A custom resource for the runtime's tests alone.</summary>
internal sealed record Widget : IResource
{
    public string ApiVersion { get; init => field = value ?? "test.servicekey.dev/v1"; } = "test.servicekey.dev/v1";

    public string Kind { get; init => field = value ?? "Widget"; } = "Widget";

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public WidgetSpec? Spec { get; init; }

    public WidgetStatus? Status { get; init; }

    public static ResourceType<Widget> Type { get; } = new(
        "test.servicekey.dev", "v1", "widgets", "Widget", true, WidgetJsonContext.Default.Widget, WidgetJsonContext.Default.ResourceListWidget);

    /// <summary>The schema has more than the C# type, as a newer version's would.</summary>
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.test.servicekey.dev}
        spec:
          group: test.servicekey.dev
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    properties:
                      size: {type: integer}
                      unmodelled: {type: string}
                  status:
                    type: object
                    default: {observedGeneration: -1}
                    properties:
                      observedGeneration: {type: integer, format: int64}
                      phase: {type: string}
                      seenAt: {type: string, format: date-time}
                      conditions:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [type]
                        items:
                          type: object
                          required: [type, status, lastTransitionTime, reason]
                          properties:
                            type: {type: string}
                            status: {type: string}
                            observedGeneration: {type: integer, format: int64}
                            lastTransitionTime: {type: string, format: date-time}
                            reason: {type: string}
                            message: {type: string}
        """;

    public static async Task DefineAsync(Cluster cluster)
    {
        await cluster.ApplyTextAsync(Definition);
        using var api = cluster.Connect();
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await api.ListPageAsync(Type, null, 1, null, CancellationToken.None);
                    return true;
                }
                catch (KubernetesApiException e) when (e.IsNotFound)
                {
                    return false;
                }
            },
            () => "Widgets are not served.");
    }

    public static Widget Named(string @namespace, string name) => new()
    {
        Metadata = new() { Namespace = @namespace, Name = name },
        Spec = new() { Size = 1 },
    };
}

internal sealed record WidgetSpec
{
    public int? Size { get; init; }
}

internal sealed record WidgetStatus
{
    public long? ObservedGeneration { get; init; }

    public string? Phase { get; init; }

    public DateTimeOffset? SeenAt { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(KubernetesTimeConverter)])]
[JsonSerializable(typeof(ResourceList<Widget>))]
internal sealed partial class WidgetJsonContext : JsonSerializerContext;
