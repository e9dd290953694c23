namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>virDomainState: how a domain is.</summary>
internal enum DomainState
{
    None = 0,
    Running = 1,
    Blocked = 2,
    Paused = 3,
    ShuttingDown = 4,
    ShutOff = 5,
    Crashed = 6,
    Suspended = 7,
}

/// <summary>virDomainPausedReason.</summary>
internal enum PausedReason
{
    Unknown = 0,
    User = 1,
    InputOutput = 5,
    Crashed = 10,
    StartingUp = 11,
}

/// <summary>virDomainShutoffReason.</summary>
internal enum ShutOffReason
{
    Unknown = 0,
    ShutDown = 1,
    Destroyed = 2,
    Crashed = 3,
    Migrated = 4,
    Saved = 5,
    Failed = 6,
    FromSnapshot = 7,
    Daemon = 8,
}

/// <summary>virDomainEventType: what became of a domain.</summary>
internal enum LifecycleEvent
{
    Defined = 0,
    Undefined = 1,
    Started = 2,
    Suspended = 3,
    Resumed = 4,
    Stopped = 5,
    ShutDown = 6,
    GuestSuspended = 7,
    Crashed = 8,
}

/// <summary>virDomainEventShutdownDetailType.</summary>
internal enum ShutDownDetail
{
    Finished = 0,
    Guest = 1,
    Host = 2,
}

/// <summary>virDomainEventStoppedDetailType.</summary>
internal enum StoppedDetail
{
    ShutDown = 0,
    Destroyed = 1,
    Crashed = 2,
    Migrated = 3,
    Saved = 4,
    Failed = 5,
    FromSnapshot = 6,
}

/// <summary>virDomainEventSuspendedDetailType.</summary>
internal enum SuspendedDetail
{
    Paused = 0,
    InputOutput = 2,
}

/// <summary>virDomainEventID: the events that are listened to.</summary>
internal enum DomainEventId
{
    Lifecycle = 0,
    DeviceRemoved = 15,
    JobCompleted = 21,
    DeviceRemovalFailed = 22,
}

/// <summary>virErrorNumber: those that are told apart.</summary>
internal enum LibvirtCode
{
    None = 0,
    Internal = 1,
    NoMemory = 2,
    NoSupport = 3,
    NoConnection = 5,
    InvalidArgument = 8,
    OperationFailed = 9,
    Xml = 27,
    OperationDenied = 29,
    System = 38,
    Rpc = 39,
    NoDomain = 42,
    AuthenticationFailed = 45,
    OperationInvalid = 55,
    ConfigurationUnsupported = 67,
    OperationTimeout = 68,
    ArgumentUnsupported = 74,
    AuthenticationCancelled = 79,
    NoMetadata = 80,
    OperationUnsupported = 84,
    AgentUnresponsive = 86,
    ResourceBusy = 87,
    AccessDenied = 88,
    InvalidSchema = 92,
    AuthenticationUnavailable = 94,
    DeviceMissing = 99,
    NoBackup = 104,
}

/// <summary>virDomainJobType.</summary>
internal enum JobType
{
    None = 0,
    Bounded = 1,
    Unbounded = 2,
    Completed = 3,
    Failed = 4,
    Cancelled = 5,
}

/// <summary>Flags, and the numbers of kinds, of the functions that take them.</summary>
internal static class LibvirtFlags
{
    /// <summary>Hold the XML against libvirt's schema.</summary>
    public const uint DefineValidate = 1;

    /// <summary>The domain ends with the connection that made it.</summary>
    public const uint CreateAutoDestroy = 2;

    public const uint ShutdownAcpi = 1;

    public const uint AffectLive = 1, AffectConfig = 2;

    /// <summary>The XML of the definition instead of what runs.</summary>
    public const uint XmlInactive = 2;

    public const uint UndefineManagedSave = 1, UndefineSnapshots = 2, UndefineNvram = 4;
    public const uint UndefineCheckpoints = 16, UndefineTpm = 32;

    public const int MetadataElement = 2;

    /// <summary>The job that ended last, which stays to be asked about.</summary>
    public const uint JobCompleted = 1, JobKeepCompleted = 2;

    /// <summary>The target of a backup exists.</summary>
    public const uint BackupReuseExternal = 1;
}
