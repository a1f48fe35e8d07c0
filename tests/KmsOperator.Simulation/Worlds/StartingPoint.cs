namespace KmsOperator.Simulation.Worlds;

/// <summary>What every world has at its start: two tenants and two classes.</summary>
internal static class StartingPoint
{
    /// <summary>The Region of both classes.</summary>
    public const string Home = "us-east-1";

    /// <summary>Where replicas go.</summary>
    public const string Elsewhere = "eu-west-1";

    /// <summary>Where keys of another account are, to which a class leads by mistake.</summary>
    public const string Abroad = "us-west-2";

    private static readonly Dictionary<string, string> Classes = new()
    {
        ["standard"] = $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyClass
            metadata:
              name: standard
              annotations: {kms.servicekey.dev/is-default-class: "true"}
            spec:
              region: {{Home}}
              aliasPrefix: acme
              aliasTemplate: "{prefix}/{namespace}/{name}"
              access: {administrators: [admin]}
              permissions: {aliasTakeOver: Allow, adoption: Allow}
              allowed: {materialSecrets: ["material-*"]}
            """,
        ["strict"] = $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyClass
            metadata: {name: strict}
            spec:
              region: {{Home}}
              aliasPrefix: strict
              aliasTemplate: "{prefix}/{namespace}/{name}"
              access: {administrators: [admin]}
              deletionPolicy: Delete
              pendingDeletionWindowDays: 7
            """,
    };

    /// <summary>Creates it.</summary>
    public static void Set(SimulatedWorld world)
    {
        foreach (var name in (string[])["kms-operator-system", "team-a", "team-b"])
            world.Users.EnsureNamespace(name);
        foreach (var name in Classes.Keys)
            CreateClass(world, name);
    }

    /// <summary>Creates one of the classes.</summary>
    public static void CreateClass(SimulatedWorld world, string name) => world.Users.Create(Classes[name]);
}
