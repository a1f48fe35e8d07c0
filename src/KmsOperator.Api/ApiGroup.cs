namespace KmsOperator.Api;

/// <summary>Names that belong to the API group as a whole: group, version, annotations, finalizer, tags.</summary>
public static class ApiGroup
{
    /// <summary>The API group.</summary>
    public const string Name = "kms.servicekey.dev";

    /// <summary>The version served and stored.</summary>
    public const string Version = "v1alpha1";

    /// <summary>Group and version as they stand in <c>apiVersion</c>.</summary>
    public const string ApiVersion = Name + "/" + Version;

    /// <summary>Keeps a resource until AWS has said that its key is taken care of.</summary>
    public const string Finalizer = "kms.servicekey.dev/key";

    /// <summary>Field manager of everything that the operator writes by server-side apply.</summary>
    public const string FieldManager = "kms-operator";
}

/// <summary>Annotations that people put on resources, and two of the operator's own.</summary>
public static class AnnotationNames
{
    /// <summary>Any new value reconciles the resource and compares everything with AWS at once.</summary>
    public const string ReconcileAt = "kms.servicekey.dev/reconcile-at";

    /// <summary>Any new value rotates the key once, on demand.</summary>
    public const string RotateAt = "kms.servicekey.dev/rotate-at";

    /// <summary><c>"true"</c>: the operator refuses to schedule the key's deletion.</summary>
    public const string DeletionProtection = "kms.servicekey.dev/deletion-protection";

    /// <summary>The key's id: its deletion is scheduled although it was used lately.</summary>
    public const string ConfirmDeletion = "kms.servicekey.dev/confirm-deletion";

    /// <summary>
    /// <c>{id}@{time}</c>: the operator's record of an attempt to create the key; see <see cref="Api.CreateAttempt"/>. It means nothing once
    /// <c>status.keyId</c> is there.
    /// </summary>
    public const string CreateAttempt = "kms.servicekey.dev/create-attempt";

    /// <summary>Class, place and aliases of the key that the attempt makes, as JSON.</summary>
    public const string CreateDetails = "kms.servicekey.dev/create-details";

    /// <summary><c>"true"</c> on a KeyClass: it serves resources that name no class.</summary>
    public const string IsDefaultClass = "kms.servicekey.dev/is-default-class";
}

/// <summary>Tags that the operator puts on every key it creates.</summary>
public static class TagNames
{
    /// <summary>What all tags begin with that are the operator's alone.</summary>
    public const string Prefix = "servicekey.dev/";

    /// <summary>The operator's cluster id.</summary>
    public const string Cluster = "servicekey.dev/cluster";

    /// <summary><c>{kind}/{namespace}/{name}</c> of the resource that owns the key.</summary>
    public const string Owner = "servicekey.dev/owner";

    /// <summary>Uid of that resource.</summary>
    public const string Uid = "servicekey.dev/uid";

    /// <summary>The creation attempt that made the key. It stays: removing it would cost a call.</summary>
    public const string Attempt = "servicekey.dev/attempt";

    /// <summary>When the resource was deleted and its key left, as deletion policy <c>Retain</c> says.</summary>
    public const string Released = "servicekey.dev/released";

    /// <summary>Uid of the resource whose deletion scheduled the key's own; put before that, so that a successor knows whose doing it was.</summary>
    public const string DeletedBy = "servicekey.dev/deleted-by";

    /// <summary>The name that the AWS console shows.</summary>
    public const string Name = "Name";
}
