using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.Conformance;

/// <summary>A custom resource whose schema has one of each: what the model is compared with a real server on.</summary>
public static class Gadget
{
    /// <summary>Its CRD.</summary>
    public const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: gadgets.test.servicekey.dev}
        spec:
          group: test.servicekey.dev
          scope: Namespaced
          names: {plural: gadgets, singular: gadget, kind: Gadget, listKind: GadgetList}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}}
            schema:
              openAPIV3Schema:
                type: object
                required: [spec]
                properties:
                  spec:
                    type: object
                    properties:
                      size: {type: integer, minimum: 1, maximum: 10, default: 3}
                      color: {type: string, enum: [red, green]}
                      code: {type: string, pattern: "^[a-z]+$", maxLength: 5}
                      tags: {type: object, additionalProperties: {type: string}}
                      users: {type: array, x-kubernetes-list-type: set, maxItems: 3, items: {type: string}}
                      order: {type: array, items: {type: string}}
                      settings:
                        type: object
                        required: [a]
                        properties:
                          a: {type: string}
                          b: {type: integer}
                      ports:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [name]
                        items:
                          type: object
                          required: [name]
                          properties:
                            name: {type: string}
                            number: {type: integer}
                      raw: {type: object, x-kubernetes-preserve-unknown-fields: true}
                  status:
                    type: object
                    default: {observedGeneration: -1}
                    properties:
                      observedGeneration: {type: integer, format: int64}
                      phase: {type: string}
                      conditions:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [type]
                        items:
                          type: object
                          required: [type, status]
                          properties:
                            type: {type: string}
                            status: {type: string}
                            reason: {type: string}
        """;

    /// <summary>How it is read and written.</summary>
    public static ResourceType<RawResource> Type { get; } = RawResource.Type("test.servicekey.dev", "v1", "gadgets", "Gadget");
}
