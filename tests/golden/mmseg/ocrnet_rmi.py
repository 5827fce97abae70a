# OCRNet on HRNet-W48 with region mutual information, as openseg-group's fork of mmsegmentation 0.x says it; Mapillary.
norm_cfg = dict(type='SyncBN', requires_grad=True)
head = dict(
    in_channels=[48, 96, 192, 384], in_index=(0, 1, 2, 3), input_transform='resize_concat', num_classes=66,
    norm_cfg=norm_cfg, align_corners=True)
img_norm_cfg = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
model = dict(
    type='CascadeEncoderDecoder',
    num_stages=2,
    pretrained='open-mmlab://msra/hrnetv2_w48',
    backbone=dict(
        type='HRNet',
        norm_cfg=norm_cfg,
        norm_eval=False,
        with_cp=True,
        extra=dict(
            stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4, ), num_channels=(64, )),
            stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(4, 4), num_channels=(48, 96)),
            stage3=dict(num_modules=4, num_branches=3, block='BASIC', num_blocks=(4, 4, 4), num_channels=(48, 96, 192)),
            stage4=dict(
                num_modules=3, num_branches=4, block='BASIC', num_blocks=(4, 4, 4, 4),
                num_channels=(48, 96, 192, 384)))),
    decode_head=[
        dict(
            head, type='FCNHead', channels=sum([48, 96, 192, 384]), kernel_size=1, num_convs=1, concat_input=False,
            dropout_ratio=-1, loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.4)),
        dict(
            head, type='OCRHead', channels=512, ocr_channels=256, dropout_ratio=0.1,
            loss_decode=dict(type='RMILoss', num_classes=66, loss_weight=1.0))
    ])
train_cfg = dict()
test_cfg = dict(mode='whole')
mapillary = dict(type='MapillaryDataset', data_root='data/mapillary')
data = dict(
    samples_per_gpu=2,
    workers_per_gpu=2,
    train=dict(
        mapillary, img_dir='training/images', ann_dir='training/labels',
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
            dict(type='Resize', img_scale=(2048, 1024), ratio_range=(0.5, 2.0)),
            dict(type='RandomCrop', crop_size=(1024, 1024), cat_max_ratio=0.75),
            dict(type='RandomFlip', flip_ratio=0.5),
            dict(type='PhotoMetricDistortion'),
            dict(type='Normalize', **img_norm_cfg),
            dict(type='Pad', size=(1024, 1024), pad_val=0, seg_pad_val=255),
            dict(type='DefaultFormatBundle'),
            dict(type='Collect', keys=['img', 'gt_semantic_seg'])
        ]),
    val=dict(
        mapillary, img_dir='validation/images', ann_dir='validation/labels',
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(
                type='MultiScaleFlipAug', img_scale=(2048, 1024), flip=False,
                transforms=[dict(type='Resize', keep_ratio=True), dict(type='Normalize', **img_norm_cfg)])
        ]))
optimizer = dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=0.0005)
lr_config = dict(policy='poly', power=0.9, min_lr=2e-4, by_epoch=False)
total_iters = 320000
checkpoint_config = dict(by_epoch=False, interval=16000)
evaluation = dict(interval=16000, metric='mIoU')
