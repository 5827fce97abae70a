norm_cfg = dict(type='BN', requires_grad=True)
weights = [1.0, 0.5, 2.0, 1]
loss = dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0, class_weight=weights, avg_non_ignore=True)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True, pad_val=0, seg_pad_val=255),
    pretrained='torchvision://resnet18',
    backbone=dict(
        type='ResNet', depth=50, num_stages=4, out_indices=(0, 1, 2, 3), norm_cfg=norm_cfg, norm_eval=False,
        dilations=(1, 1, 2, 4), strides=(1, 2, 1, 1), style='pytorch', contract_dilation=True),
    decode_head=dict(
        type='FCNHead', in_channels=2048, in_index=-1, channels=512, num_convs=2, concat_input=True,
        dropout_ratio=-1, num_classes=4, norm_cfg=norm_cfg, align_corners=False, loss_decode=loss,
        sampler=None),
    auxiliary_head=dict(type='FCNHead', in_index=2),
    train_cfg=dict(),
    test_cfg=dict(mode='slide', crop_size=(256, 256), stride=(170, 170)))
